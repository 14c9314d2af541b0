package io.github.t6j;

/**
 * Memory of a session whose context is full, from {@link Model#sessionBytes}.
 *
 * @param heapBytes bytes on the heap: the ids, the logits, and an estimate of a prompt's buffers, which sessions share
 * @param nativeBytes bytes off the heap: the cache, and the pages that all sessions share for as many positions
 */
public record SessionBytes(long heapBytes, long nativeBytes) {
    /** Returns the sum of both in bytes. */
    public long total() {
        return heapBytes + nativeBytes;
    }
}
