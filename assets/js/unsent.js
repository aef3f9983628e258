// Where nothing is filled in: what waits on this phone is seen, and sent.
import { openPhone, seen } from "./offline/phone.js";

if (seen()) openPhone().then(({ box, show, start }) => box && show().then(start));
