"use strict";

// Puts a slider over the pictures of every specimen, between the two variants that are chosen.
function layer(className) {
  const image = document.createElement("img");
  image.className = className;
  image.alt = "";
  return image;
}

function tag(className) {
  const text = document.createElement("span");
  text.className = className;
  return text;
}

function sliderOver(specimen) {
  const right = layer("right"), left = layer("left");
  const rightTag = tag("tag right"), leftTag = tag("tag left");
  const range = document.createElement("input");
  const slider = document.createElement("div");
  slider.className = "slider";
  Object.assign(range, { type: "range", min: 0, max: 100, value: 50 });
  range.setAttribute("aria-label", specimen.dataset.label);
  range.addEventListener("input", () => slider.style.setProperty("--at", range.value + "%"));
  slider.append(right, left, tag("border"), leftTag, rightTag, range);
  specimen.querySelector(".strip").before(slider);

  const show = (image, text, name) => {
    const views = [...specimen.querySelectorAll("[data-view]")];
    const view = views.find((candidate) => candidate.dataset.view === name) ?? views[0];
    image.src = view.src;
    image.classList.toggle("input", view.classList.contains("input"));
    text.textContent = view.dataset.view;
  };
  return (sides) => {
    show(left, leftTag, sides.left);
    show(right, rightTag, sides.right);
    range.setAttribute("aria-valuetext", `${leftTag.textContent} | ${rightTag.textContent}`);
  };
}

for (const controls of document.querySelectorAll(".controls")) {
  const selects = [...controls.querySelectorAll("select")];
  const updates = [...controls.parentElement.querySelectorAll(".specimen")].map(sliderOver);
  const refresh = () => {
    const sides = Object.fromEntries(selects.map((each) => [each.dataset.side, each.value]));
    updates.forEach((update) => update(sides));
  };
  selects.forEach((select) => select.addEventListener("change", refresh));
  controls.hidden = false;
  refresh();
}
