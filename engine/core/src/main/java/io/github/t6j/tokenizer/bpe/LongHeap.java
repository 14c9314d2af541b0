package io.github.t6j.tokenizer.bpe;

import java.util.Arrays;

/** Binary heap that removes the smallest number first. */
final class LongHeap {
    private long[] heap;
    private int size;

    LongHeap(int capacity) {
        heap = new long[Math.max(capacity, 16)];
    }

    boolean isEmpty() {
        return size == 0;
    }

    void add(long value) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, Math.addExact(size, size >> 1));
        }
        int at = size++;
        for (int parent; at > 0 && heap[parent = at - 1 >> 1] > value; at = parent) {
            heap[at] = heap[parent];
        }
        heap[at] = value;
    }

    long removeLowest() {
        long lowest = heap[0];
        long last = heap[--size];
        int at = 0;
        for (int child = 1; child < size; child = 2 * at + 1) {
            if (child + 1 < size && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= last) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = last;
        return lowest;
    }
}
