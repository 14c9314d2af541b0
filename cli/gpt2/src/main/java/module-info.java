/** GPT-2's vocabulary as resources in the folder {@code t6j-gpt2}, which the engine finds by its class loader. */
@SuppressWarnings("module") // GPT-2 has a digit in its name
module io.github.t6j.gpt2 {}
