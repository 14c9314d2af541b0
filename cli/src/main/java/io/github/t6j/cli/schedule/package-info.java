/**
 * Many generations and scorings by one model at once: requests queue, join and leave between steps, and share prefixes.
 * Uses the engine's public classes only; knows nothing of HTTP, files or the command line.
 */
package io.github.t6j.cli.schedule;
