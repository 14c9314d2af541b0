/** Decides whose turn it is, and how prompts and generations share the time. Uses no other package. */
package io.github.t6j.schedule.turns;
