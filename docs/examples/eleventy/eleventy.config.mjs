// What tracker knows of a page: `{% set told = tracker | article(page) %}`.
export default function (config) {
  config.addFilter("article", (tracker, page) => {
    const key = tracker?.index?.paths[page.inputPath.replace(/^\.\//, "")];
    return key === undefined ? undefined : tracker.articles[key];
  });
  config.addFilter("day", (instant) =>
    new Date(instant).toLocaleDateString("en-US", { dateStyle: "long", timeZone: "America/New_York" }));
}
