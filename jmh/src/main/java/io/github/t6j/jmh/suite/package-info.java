/** Suites of benchmarks: their points, and their runs by JMH. */
package io.github.t6j.jmh.suite;
