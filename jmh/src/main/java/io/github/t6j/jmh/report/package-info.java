/**
 * From a suite's name to a page. {@link io.github.t6j.jmh.report.ReportCommand} reads the command line, SuiteRun
 * measures the points of a Suite, and Results reads JMH's JSON. Pages, with MainTable, Limits and Roofline, determines
 * the contents. HtmlPage, Markdown, ReadmeTable, Charts, Bars and AttentionStyle format it. Comparison compares two runs.
 */
package io.github.t6j.jmh.report;
