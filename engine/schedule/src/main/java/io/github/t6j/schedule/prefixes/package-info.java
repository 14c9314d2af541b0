/** Keeps prefixes of contexts, in memory and on disk, for prompts that begin with them. Uses only the engine. */
package io.github.t6j.schedule.prefixes;
