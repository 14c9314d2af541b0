/**
 * Many generations and scorings with one model at once: requests queue, join and leave between steps, and share
 * prefixes. This package uses only the engine's public classes, and knows nothing of HTTP, files or the command line.
 */
package io.github.t6j.schedule;
