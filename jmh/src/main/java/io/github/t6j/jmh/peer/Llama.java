package io.github.t6j.jmh.peer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** llama.cpp, run by its C library on the CPU. */
public final class Llama {
    /** Environment variable that names the folder of the library. */
    public static final String FOLDER = "T6J_PEERS";

    private static Llama opened;

    private final Path folder;
    private final LlamaLibrary library;

    private Llama(Path folder) {
        this.folder = folder;
        library = new LlamaLibrary(folder);
    }

    /** Opens the library in the folder that {@link #FOLDER} names. */
    public static Llama open() {
        String folder = System.getenv(FOLDER);
        if (folder == null) {
            throw new IllegalStateException(FOLDER + ": expected the folder of llama.cpp's library in this environment"
                    + " variable, found none: run .ci/peers, which installs the library and sets it");
        }
        return open(Path.of(folder));
    }

    /**
     * Opens the library in {@code folder}, once per JVM.
     *
     * @throws IllegalStateException if the library is missing, has another version, or was opened in another folder
     */
    public static synchronized Llama open(Path folder) {
        if (opened == null) {
            opened = new Llama(folder);
        } else if (!opened.folder.equals(folder)) {
            throw new IllegalStateException(folder + ": expected llama.cpp's library of " + opened.folder
                    + ", which this JVM has loaded already");
        }
        return opened;
    }

    /** Loads a GGUF file. */
    public LlamaModel load(Path gguf) {
        return load(gguf, false);
    }

    /** Loads a GGUF file's tokenizer without its weights. */
    public LlamaModel loadVocabulary(Path gguf) {
        return load(gguf, true);
    }

    private LlamaModel load(Path gguf, boolean vocabularyOnly) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = library.modelDefaults.pointer(arena);
            LlamaStructs.set(params, LlamaStructs.MODEL_PARAMS, "n_gpu_layers", 0);
            LlamaStructs.set(params, LlamaStructs.MODEL_PARAMS, "vocab_only", vocabularyOnly);
            MemorySegment model = library.loadModel.pointer(arena.allocateFrom(gguf.toString()), params);
            if (model.equals(MemorySegment.NULL)) {
                throw new IllegalStateException(gguf + ": llama.cpp loads no model: " + LlamaLibrary.errors());
            }
            return new LlamaModel(library, model);
        }
    }

    /**
     * Writes the weights of {@code from} to {@code to} in another type, as {@code llama-quantize} does. {@link
     * LlamaFileType#F32} gives the numbers that quantised weights stand for.
     */
    public void quantize(Path from, Path to, LlamaFileType type) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = library.quantizeDefaults.pointer(arena);
            LlamaStructs.set(params, LlamaStructs.QUANTIZE_PARAMS, "ftype", type.number());
            LlamaStructs.set(params, LlamaStructs.QUANTIZE_PARAMS, "allow_requantize", type == LlamaFileType.F32);
            int code = library.quantize.number(arena.allocateFrom(from.toString()), arena.allocateFrom(to.toString()),
                    params);
            if (code != 0) {
                throw new IllegalStateException(from + ": llama.cpp does not quantise it as " + type + ": code " + code
                        + ": " + LlamaLibrary.errors());
            }
        }
    }
}
