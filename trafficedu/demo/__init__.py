"""The demo district: an invented history on the real areas, in which every rule of the live system holds.

Not a feature with doors: it adds no table and no page (docs/adr/0011-the-demo-district.md). Files are split
by subject; each may know those before it in this list:

``plan`` (size, seed, the anchor in time), ``names`` (invented names), ``rows`` (bulk writing), ``seasons``
(when things happen), ``places`` (towns, villages, stations, companies), ``people`` (riders and their work),
``offences`` (violations and objections), ``notices``, ``helmets``, ``accidents``, ``study`` (tasks, seats,
certificates), ``pictures`` and ``hazards`` (through the services of the live system), ``district`` (the whole
history in the order of time), ``accounts`` (who can sign in), ``services`` (the door).

Names of people, roads and companies are put together at random; any likeness is chance. Identity numbers
carry the region 990000, which belongs to nobody; phones begin with 154, which no operator uses; plates begin
with 演示 ("demonstration"), which is no place.
"""
