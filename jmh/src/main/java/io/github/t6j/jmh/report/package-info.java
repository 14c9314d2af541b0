/**
 * From a suite's name to a page: {@link io.github.t6j.jmh.report.ReportCommand} reads the command line, SuiteRun measures
 * the points of a Suite, Results reads JMH's JSON, Pages, with MainTable, Limits and Roofline, decides what is said,
 * HtmlPage, Markdown, ReadmeTable, Charts, Bars and Look how it looks, Comparison sets two runs side by side.
 */
package io.github.t6j.jmh.report;
