/**
 * The commands that list, download, describe, convert and create models: {@code models}, {@code pull}, {@code
 * inspect}, {@code tokenize}, {@code convert}, {@code init}.
 */
package io.github.t6j.cli.models;
