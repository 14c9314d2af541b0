/** The command {@code bench}. */
package io.github.t6j.cli.bench;
