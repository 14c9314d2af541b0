package io.github.t6j;

/**
 * Memory of a session whose context is full, from {@link Model#sessionBytes}.
 *
 * @param heapBytes bytes on the heap: the ids, the logits, and the buffers of a prompt's pass, estimated, which idle
 *     sessions leave to others
 * @param nativeBytes bytes off the heap: the cache, and the pages of that many positions that all sessions share
 */
public record SessionBytes(long heapBytes, long nativeBytes) {
    /** Returns the sum of both in bytes. */
    public long total() {
        return heapBytes + nativeBytes;
    }
}
