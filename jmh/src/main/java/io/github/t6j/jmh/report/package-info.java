/**
 * From a suite's name to a page: {@link io.github.t6j.jmh.report.ReportCommand} reads the command line, SuiteRun measures
 * the points of a Suite, Results reads JMH's JSON, Pages decides what is said, HtmlPage, Markdown, ReadmeTable and Charts
 * how it looks, Comparison sets two runs side by side.
 */
package io.github.t6j.jmh.report;
