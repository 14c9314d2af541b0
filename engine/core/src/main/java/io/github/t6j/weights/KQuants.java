package io.github.t6j.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Elements of matrices whose blocks are {@link KQuantBlock}s. */
final class KQuants {
    private KQuants() {}

    /** Reads elements as {@link DType#read} does. */
    static void read(DType dtype, MemorySegment data, long from, float[] into, int at, int count) {
        int size = dtype.blockSize();
        byte[] bytes = new byte[dtype.bytes()];
        float[] elements = new float[size];
        KQuantBlock block = new KQuantBlock(dtype);
        for (int done = 0; done < count;) {
            long place = from + done;
            int first = (int) (place % size);
            int n = Math.min(size - first, count - done);
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, place / size * bytes.length, bytes, 0, bytes.length);
            block.read(bytes, 0);
            block.elements(elements);
            System.arraycopy(elements, first, into, at + done, n);
            done += n;
        }
    }

    /** Writes elements of a K-quant as {@link DType#write} does. */
    static void write(DType dtype, float[] from, int at, MemorySegment data, long to, int count) {
        float[] elements = new float[KQuantBlock.SIZE];
        byte[] bytes = new byte[dtype.bytes()];
        KQuantBlock block = new KQuantBlock(dtype);
        KQuantSearch search = new KQuantSearch(block, dtype);
        for (int done = 0; done < count; done += elements.length) {
            int n = Math.min(elements.length, count - done);
            System.arraycopy(from, at + done, elements, 0, n);
            Arrays.fill(elements, n, elements.length, 0f);
            search.quantize(elements);
            block.write(bytes, 0);
            long place = (to + done) / elements.length * bytes.length;
            MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, place, bytes.length);
        }
    }
}
