package io.github.t6j.jmh.peer;

/** Type of most weights of a GGUF file, {@code llama_ftype}. */
public enum LlamaFileType {
    F32(0), F16(1), BF16(32), Q8_0(7), Q4_0(2), Q4_1(3), Q5_0(8), Q5_1(9), Q4_K_M(15), Q5_K_M(17), Q6_K(18);

    private final int number;

    LlamaFileType(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
