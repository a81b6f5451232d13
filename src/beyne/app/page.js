/* What screen readers miss in Gradio. It puts buttons into buttons, where a keyboard stops twice: the outer
   one becomes a group. That of an upload passes its clicks on, since Firefox clicks the outer one; and its
   name is English. A picture that can be clicked has no name: it gets that of its field. And before
   our sentence about a refused upload it puts the status code. */
new MutationObserver(() => {
  const nested = ":is(button:not([role]), [role=button]):has(button)";
  for (const outer of document.querySelectorAll(nested)) {
    outer.role = "group";
    outer.tabIndex = -1;
    const inner = outer.querySelector(".upload-container");
    if (!inner) continue;
    outer.title = outer.ariaLabel = words.add;
    outer.onclick = (event) => inner.contains(event.target) || inner.click();
  }
  for (const field of document.querySelectorAll(".upload-container"))
    field.ariaLabel = field.textContent.trim() || words.add;
  for (const { firstChild: text } of document.querySelectorAll("[data-testid=toast-text]"))
    if (text?.data) text.data = text.data.replace(/^HTTP \d+: /, "");
  for (const picture of document.querySelectorAll("button > .image-frame > img[alt='']"))
    picture.alt = picture.closest(".block").querySelector("label").textContent.trim();
}).observe(document, { childList: true, subtree: true });

/* A picture that misses its field would take the place of the page: all of the page is its field. */
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  const taken = event.defaultPrevented || !event.dataTransfer.files.length;
  event.preventDefault();
  const fields = [...document.querySelectorAll("input[type=file]")];
  const field = fields.find((one) => one.parentElement.offsetParent);
  if (taken || !field) return;
  field.files = event.dataTransfer.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
});
