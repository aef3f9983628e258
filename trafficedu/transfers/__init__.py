"""Tables in and out: any kind of file that ``trafficedu.wiring`` lists, tried first, then taken in or written."""
