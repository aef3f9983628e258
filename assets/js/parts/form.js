// What a form itself says: a field of the same name ("action", "method") hides it.
const own = (name) => {
  const { get } = Object.getOwnPropertyDescriptor(HTMLFormElement.prototype, name);
  return (form) => get.call(form);
};

export const [actionOf, methodOf, enctypeOf, targetOf] = ["action", "method", "enctype", "target"].map(own);

// forms in which something is typed are sent while their page stays, and a draft is kept of them: never one with a password
export const isKept = (form) =>
  methodOf(form) === "post" &&
  form.matches("[data-once]:not([data-short]):not([data-resume])") &&
  !targetOf(form) &&
  form.querySelector('input:not([type="hidden"]), select, textarea') !== null &&
  !form.querySelector('input[type="password"]');
