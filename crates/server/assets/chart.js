// Draws the numbers of a table over its days. Without this file the table says the same.
"use strict";
(() => {
  for (const place of document.querySelectorAll("[data-chart]")) {
    const { label, days, series } = JSON.parse(place.dataset.chart);
    if (days.length < 2) { place.hidden = true; continue; }
    const canvas = getComputedStyle(place);
    const colours = ["#0f9488", "#d97706"];
    const axis = { stroke: canvas.color, grid: { stroke: "rgba(128,128,128,.25)" }, ticks: { stroke: "rgba(128,128,128,.25)" } };
    const options = {
      width: place.clientWidth - 30,
      height: 260,
      scales: { x: { time: false } },
      axes: [
        { ...axis, values: (_, ticks) => ticks.map((tick) => (days[tick] || "").slice(5)) },
        axis,
        { ...axis, side: 1, scale: "leads", grid: { show: false } },
      ],
      series: [
        { label, value: (_, index) => days[index] ?? "" },
        ...series.map((one, index) => ({ label: one.label, stroke: colours[index], width: 2, scale: index === 0 ? "y" : "leads" })),
      ],
    };
    const plot = new uPlot(options, [days.map((_, index) => index), ...series.map((one) => one.values)], place);
    window.addEventListener("resize", () => plot.setSize({ width: place.clientWidth - 30, height: 260 }));
  }
})();
