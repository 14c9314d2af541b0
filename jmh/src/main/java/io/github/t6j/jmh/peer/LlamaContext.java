package io.github.t6j.jmh.peer;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Sequence of tokens that llama.cpp has computed, with its cache. */
@SuppressWarnings("restricted")
public final class LlamaContext implements AutoCloseable {
    private final LlamaLibrary library;
    private final MemorySegment context;
    private final int vocabularySize;

    LlamaContext(LlamaLibrary library, MemorySegment context, int vocabularySize) {
        this.library = library;
        this.context = context;
        this.vocabularySize = vocabularySize;
    }

    /** Feeds {@code ids} and returns the logits after each of them. */
    public float[][] decode(int... ids) {
        run(true, ids);
        float[][] logits = new float[ids.length][];
        for (int row = 0; row < ids.length; row++) {
            logits[row] = library.logits.pointer(context, row).reinterpret(4L * vocabularySize).toArray(JAVA_FLOAT);
        }
        return logits;
    }

    /** Feeds {@code ids}, and waits until the logits after the last are computed. */
    public void feed(int... ids) {
        run(false, ids);
        library.synchronize.call(context);
    }

    private void run(boolean allLogits, int... ids) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment batch = arena.allocate(LlamaStructs.BATCH);
            LlamaStructs.set(batch, LlamaStructs.BATCH, "n_tokens", ids.length);
            LlamaStructs.set(batch, LlamaStructs.BATCH, "token", arena.allocateFrom(JAVA_INT, ids));
            if (allLogits) {
                LlamaStructs.set(batch, LlamaStructs.BATCH, "logits", arena.allocate(ids.length).fill((byte) 1));
            }
            int code = library.decode.number(context, batch);
            if (code != 0) {
                throw new IllegalStateException(
                        "llama.cpp does not decode " + ids.length + " ids: code " + code + ": "
                                + LlamaLibrary.errors());
            }
        }
    }

    /** Removes all positions from {@code position} on. */
    public void truncate(int position) {
        if (!(boolean) library.removeFrom.call(library.memory.pointer(context), 0, position, -1)) {
            throw new IllegalStateException("llama.cpp does not remove positions from " + position + " on");
        }
    }

    @Override
    public void close() {
        library.freeContext.call(context);
    }
}
