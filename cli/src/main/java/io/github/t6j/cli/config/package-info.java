/** Defaults of options: the user's configuration file, the environment, and {@code t6j config}. */
package io.github.t6j.cli.config;
