/**
 * Many generations, scorings and embeddings with one model at once, by continuous batching: they queue, join and leave
 * between passes, and share prefixes. {@link io.github.t6j.schedule.Scheduler} accepts them from any number of threads.
 */
package io.github.t6j.schedule;
