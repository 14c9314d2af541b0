package io.github.t6j.jmh.peer;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.MemoryLayout.paddingLayout;
import static java.lang.foreign.MemoryLayout.sequenceLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/**
 * Structures of llama.cpp's {@code include/llama.h}, which its functions take and return by value. Only fields that t6j
 * sets or checks have names. They belong to version {@value #VERSION} on 64-bit systems:
 *
 * <pre>
 * llama_model_params, 80 bytes             llama_context_params, 160 bytes
 *    0  two pointers                          0  n_ctx  n_batch  n_ubatch             u32
 *   16  n_gpu_layers             i32         12  four u32
 *   20  four i32                             28  n_threads  n_threads_batch           i32
 *   40  four pointers                        36  four i32
 *   72  vocab_only              bool         52  flash_attn_type                      i32
 *   73  five bool                            56  eight f32 or u32
 *                                            88  two pointers
 * llama_batch, 56 bytes                     104  type_k  type_v                       i32
 *    0  n_tokens                 i32        112  two pointers
 *    8  token                   i32*        128  six bool
 *   16  four pointers                       136  pointer, size_t, pointer
 *   48  logits                   i8*
 *                                        llama_model_quantize_params, 64 bytes
 *                                             0  nthread  ftype  two i32              i32
 *                                            16  allow_requantize                    bool
 *                                            17  five bool
 *                                            24  four pointers, size_t
 * </pre>
 */
final class LlamaStructs {
    /** Version that {@code llama_version} returns. */
    static final String VERSION = "0.5.0-dev";

    static final StructLayout MODEL_PARAMS = structLayout(
            sequenceLayout(2, ADDRESS), JAVA_INT.withName("n_gpu_layers"), sequenceLayout(4, JAVA_INT),
            paddingLayout(4), sequenceLayout(4, ADDRESS), JAVA_BOOLEAN.withName("vocab_only"),
            sequenceLayout(5, JAVA_BOOLEAN), paddingLayout(2));

    static final StructLayout CONTEXT_PARAMS = structLayout(
            JAVA_INT.withName("n_ctx"), JAVA_INT.withName("n_batch"), JAVA_INT.withName("n_ubatch"),
            sequenceLayout(4, JAVA_INT), JAVA_INT.withName("n_threads"), JAVA_INT.withName("n_threads_batch"),
            sequenceLayout(4, JAVA_INT), JAVA_INT.withName("flash_attn_type"), sequenceLayout(8, JAVA_FLOAT),
            sequenceLayout(2, ADDRESS), JAVA_INT.withName("type_k"), JAVA_INT.withName("type_v"),
            sequenceLayout(2, ADDRESS), sequenceLayout(6, JAVA_BOOLEAN), paddingLayout(2), ADDRESS, JAVA_LONG, ADDRESS);

    static final StructLayout BATCH = structLayout(
            JAVA_INT.withName("n_tokens"), paddingLayout(4), ADDRESS.withName("token"), sequenceLayout(4, ADDRESS),
            ADDRESS.withName("logits"));

    static final StructLayout QUANTIZE_PARAMS = structLayout(
            JAVA_INT.withName("nthread"), JAVA_INT.withName("ftype"), sequenceLayout(2, JAVA_INT),
            JAVA_BOOLEAN.withName("allow_requantize"), sequenceLayout(5, JAVA_BOOLEAN), paddingLayout(2),
            sequenceLayout(4, ADDRESS), JAVA_LONG);

    private LlamaStructs() {}

    static int get(MemorySegment struct, StructLayout layout, String field) {
        return struct.get(JAVA_INT, layout.byteOffset(groupElement(field)));
    }

    static void set(MemorySegment struct, StructLayout layout, String field, int value) {
        struct.set(JAVA_INT, layout.byteOffset(groupElement(field)), value);
    }

    static void set(MemorySegment struct, StructLayout layout, String field, boolean value) {
        struct.set(JAVA_BOOLEAN, layout.byteOffset(groupElement(field)), value);
    }

    static void set(MemorySegment struct, StructLayout layout, String field, MemorySegment value) {
        struct.set(ADDRESS, layout.byteOffset(groupElement(field)), value);
    }
}
