package io.github.t6j.jmh.peer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Functions of llama.cpp that t6j calls. The library stays loaded until the JVM ends. */
@SuppressWarnings("restricted")
final class LlamaLibrary {
    private static final String LLAMA = "libllama.v0.5.0.so";
    private static final String GGML = "libggml.v0.5.0.so";
    private static final int ERROR_LEVEL = 4;
    private static final int LINES = 8;

    private static final Deque<String> ERRORS = new ArrayDeque<>();

    final NativeFunction modelDefaults;
    final NativeFunction contextDefaults;
    final NativeFunction quantizeDefaults;
    final NativeFunction loadModel;
    final NativeFunction freeModel;
    final NativeFunction newContext;
    final NativeFunction freeContext;
    final NativeFunction decode;
    final NativeFunction logits;
    final NativeFunction memory;
    final NativeFunction removeFrom;
    final NativeFunction synchronize;
    final NativeFunction vocabulary;
    final NativeFunction vocabularySize;
    final NativeFunction tokenize;
    final NativeFunction quantize;

    private final SymbolLookup llama;

    LlamaLibrary(Path folder) {
        llama = lookup(folder.resolve(LLAMA));
        checkVersion(folder);
        modelDefaults = returning("llama_model_default_params", LlamaStructs.MODEL_PARAMS);
        contextDefaults = returning("llama_context_default_params", LlamaStructs.CONTEXT_PARAMS);
        quantizeDefaults = returning("llama_model_quantize_default_params", LlamaStructs.QUANTIZE_PARAMS);
        loadModel = returning("llama_model_load_from_file", ADDRESS, ADDRESS, LlamaStructs.MODEL_PARAMS);
        freeModel = nothing("llama_model_free", ADDRESS);
        newContext = returning("llama_init_from_model", ADDRESS, ADDRESS, LlamaStructs.CONTEXT_PARAMS);
        freeContext = nothing("llama_free", ADDRESS);
        decode = returning("llama_decode", JAVA_INT, ADDRESS, LlamaStructs.BATCH);
        logits = returning("llama_get_logits_ith", ADDRESS, ADDRESS, JAVA_INT);
        memory = returning("llama_get_memory", ADDRESS, ADDRESS);
        removeFrom = returning("llama_memory_seq_rm", JAVA_BOOLEAN, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT);
        synchronize = nothing("llama_synchronize", ADDRESS);
        vocabulary = returning("llama_model_get_vocab", ADDRESS, ADDRESS);
        vocabularySize = returning("llama_vocab_n_tokens", JAVA_INT, ADDRESS);
        tokenize = returning("llama_tokenize", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_BOOLEAN,
                JAVA_BOOLEAN);
        quantize = returning("llama_model_quantize", JAVA_INT, ADDRESS, ADDRESS, ADDRESS);
        checkDefaults(folder);
        start(folder);
    }

    private static SymbolLookup lookup(Path file) {
        if (!Files.exists(file)) {
            throw new IllegalStateException(file + ": expected llama.cpp's library, found no such file: run .ci/peers,"
                    + " which installs it, or name its folder in T6J_PEERS");
        }
        return SymbolLookup.libraryLookup(file.toAbsolutePath(), Arena.global());
    }

    private NativeFunction returning(String name, MemoryLayout result, MemoryLayout... arguments) {
        return NativeFunction.find(llama, name, FunctionDescriptor.of(result, arguments));
    }

    private NativeFunction nothing(String name, MemoryLayout... arguments) {
        return NativeFunction.find(llama, name, FunctionDescriptor.ofVoid(arguments));
    }

    private void checkVersion(Path folder) {
        String found = returning("llama_version", ADDRESS).pointer().reinterpret(64).getString(0);
        if (!found.equals(LlamaStructs.VERSION)) {
            throw other(folder, "version " + LlamaStructs.VERSION, found);
        }
    }

    /** Checks the places of fields: misplaced ones would silently change the results. */
    private void checkDefaults(Path folder) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment context = contextDefaults.pointer(arena);
            MemorySegment quantized = quantizeDefaults.pointer(arena);
            String found = "n_batch %d, flash_attn_type %d, type_k %d, type_v %d, ftype %d".formatted(
                    LlamaStructs.get(context, LlamaStructs.CONTEXT_PARAMS, "n_batch"),
                    LlamaStructs.get(context, LlamaStructs.CONTEXT_PARAMS, "flash_attn_type"),
                    LlamaStructs.get(context, LlamaStructs.CONTEXT_PARAMS, "type_k"),
                    LlamaStructs.get(context, LlamaStructs.CONTEXT_PARAMS, "type_v"),
                    LlamaStructs.get(quantized, LlamaStructs.QUANTIZE_PARAMS, "ftype"));
            String expected = "n_batch 2048, flash_attn_type -1, type_k 1, type_v 1, ftype 7";
            if (!found.equals(expected)) {
                throw other(folder, "the defaults " + expected, found);
            }
        }
    }

    private static IllegalStateException other(Path folder, String expected, String found) {
        return new IllegalStateException(folder + ": llama.cpp's library: expected " + expected + ", found " + found
                + ": run .ci/peers, which installs the version that t6j's binding fits");
    }

    /** Loads the code for this processor, and keeps llama.cpp's log from stderr. */
    private void start(Path folder) {
        try (Arena arena = Arena.ofConfined()) {
            FunctionDescriptor log = FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, ADDRESS);
            MemorySegment listener = Linker.nativeLinker().upcallStub(
                    MethodHandles.lookup().findStatic(LlamaLibrary.class, "log",
                            MethodType.methodType(void.class, int.class, MemorySegment.class, MemorySegment.class)),
                    log, Arena.global());
            nothing("llama_log_set", ADDRESS, ADDRESS).call(listener, MemorySegment.NULL);
            NativeFunction.find(lookup(folder.resolve(GGML)), "ggml_backend_load_all_from_path",
                    FunctionDescriptor.ofVoid(ADDRESS)).call(arena.allocateFrom(folder.toString()));
            nothing("llama_backend_init").call();
        } catch (ReflectiveOperationException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static void log(int level, MemorySegment text, MemorySegment unused) {
        if (level == ERROR_LEVEL) {
            synchronized (ERRORS) {
                ERRORS.add(text.reinterpret(Integer.MAX_VALUE).getString(0).strip());
                while (ERRORS.size() > LINES) {
                    ERRORS.remove();
                }
            }
        }
    }

    /** Returns and clears the last errors that llama.cpp logged. */
    static String errors() {
        synchronized (ERRORS) {
            String errors = String.join("; ", ERRORS);
            ERRORS.clear();
            return errors.isEmpty() ? "it logged no error" : errors;
        }
    }
}
