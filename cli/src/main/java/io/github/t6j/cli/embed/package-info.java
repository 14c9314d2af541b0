/** The command {@code embed}. */
package io.github.t6j.cli.embed;
