package io.github.t6j.jmh.peer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Model that llama.cpp has loaded. Close its contexts before it. */
public final class LlamaModel implements AutoCloseable {
    private final LlamaLibrary library;
    private final MemorySegment model;
    private final MemorySegment vocabulary;

    LlamaModel(LlamaLibrary library, MemorySegment model) {
        this.library = library;
        this.model = model;
        vocabulary = library.vocabulary.pointer(model);
    }

    public int vocabularySize() {
        return library.vocabularySize.number(vocabulary);
    }

    /** Ids of plain text: special tokens are not read from it, and none are added. */
    public int[] tokenize(String text) {
        try (Arena arena = Arena.ofConfined()) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            int max = utf8.length + 16;
            MemorySegment ids = arena.allocate(JAVA_INT, max);
            MemorySegment bytes = arena.allocate(utf8.length + 1L);
            MemorySegment.copy(utf8, 0, bytes, JAVA_BYTE, 0, utf8.length);
            int count = library.tokenize.number(vocabulary, bytes, utf8.length, ids, max, false, false);
            if (count < 0) {
                throw new IllegalStateException("llama.cpp makes " + -count + " ids of " + utf8.length + " bytes");
            }
            return ids.asSlice(0, 4L * count).toArray(JAVA_INT);
        }
    }

    /** Returns a context with an f32 cache, without flash attention. */
    public LlamaContext newContext(int length, int threads) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = library.contextDefaults.pointer(arena);
            for (String field : new String[] {"n_batch", "n_ubatch"}) {
                LlamaStructs.set(params, LlamaStructs.CONTEXT_PARAMS, field, length);
            }
            for (String field : new String[] {"flash_attn_type", "type_k", "type_v"}) {
                LlamaStructs.set(params, LlamaStructs.CONTEXT_PARAMS, field, 0); // disabled, GGML_TYPE_F32
            }
            return newContext(params, length, threads);
        }
    }

    /** Returns a context with llama.cpp's defaults: an f16 cache, and flash attention if it chooses to. */
    public LlamaContext newDefaultContext(int length, int threads) {
        try (Arena arena = Arena.ofConfined()) {
            return newContext(library.contextDefaults.pointer(arena), length, threads);
        }
    }

    private LlamaContext newContext(MemorySegment params, int length, int threads) {
        LlamaStructs.set(params, LlamaStructs.CONTEXT_PARAMS, "n_ctx", length);
        for (String field : new String[] {"n_threads", "n_threads_batch"}) {
            LlamaStructs.set(params, LlamaStructs.CONTEXT_PARAMS, field, threads);
        }
        MemorySegment context = library.newContext.pointer(model, params);
        if (context.equals(MemorySegment.NULL)) {
            throw new IllegalStateException("llama.cpp makes no context: " + LlamaLibrary.errors());
        }
        return new LlamaContext(library, context, vocabularySize());
    }

    @Override
    public void close() {
        library.freeModel.call(model);
    }
}
