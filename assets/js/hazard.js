// The page on which a hazard is reported, without a network too.
import { formPage, recording } from "./offline/form-page.js";
import { seen } from "./offline/phone.js";
import { simplePage } from "./parts/simple-form.js";

if (seen() && recording()) formPage(simplePage("hazard"));
