/**
 * Results as pages. {@link io.github.t6j.jmh.report.ReportCommand} reads the command line; Results reads JMH's JSON;
 * Report, with Group and Limits, has the contents, which templates in the resources arrange; Page, Chart and
 * AttentionStyle draw them. Comparison compares two runs, History all runs over commits, and
 * Machines those of several machines.
 */
package io.github.t6j.jmh.report;
