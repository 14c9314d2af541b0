/** Runs Tensor Product Attention transformers (the T6 family) on a CPU; depends on nothing but the JDK. */
@SuppressWarnings("module") // the modules that it exports to are built after it
module io.github.t6j.engine {
    requires jdk.incubator.vector;
    requires jdk.management;
    requires static jdk.jfr; // its events are optional

    exports io.github.t6j;
    exports io.github.t6j.flashtpa;
    exports io.github.t6j.sampling;
    exports io.github.t6j.tokenizer;
    exports io.github.t6j.attention to io.github.t6j.training;
    exports io.github.t6j.attention.grouped to io.github.t6j.training;
    exports io.github.t6j.attention.latent to io.github.t6j.training;
    exports io.github.t6j.attention.tpa to io.github.t6j.training;
    exports io.github.t6j.attention.tpa.forms to io.github.t6j.training;
    exports io.github.t6j.benchmark to io.github.t6j.cli;
    exports io.github.t6j.events to io.github.t6j.schedule;
    exports io.github.t6j.family to io.github.t6j.cli, io.github.t6j.training;
    exports io.github.t6j.family.gguf to io.github.t6j.cli, io.github.t6j.training;
    exports io.github.t6j.family.llama to io.github.t6j.cli;
    exports io.github.t6j.family.lora to io.github.t6j.cli, io.github.t6j.training;
    exports io.github.t6j.family.registry to io.github.t6j.cli, io.github.t6j.training;
    exports io.github.t6j.family.t6 to io.github.t6j.cli, io.github.t6j.training;
    exports io.github.t6j.json to io.github.t6j.chat, io.github.t6j.cli, io.github.t6j.grammar, io.github.t6j.training;
    exports io.github.t6j.kernels to io.github.t6j.training;
    exports io.github.t6j.kernels.choice to io.github.t6j.training;
    exports io.github.t6j.kernels.scalar to io.github.t6j.training;
    exports io.github.t6j.kernels.simd to io.github.t6j.training;
    exports io.github.t6j.kernels.simd.lanes to io.github.t6j.training;
    exports io.github.t6j.model to io.github.t6j.cli, io.github.t6j.schedule, io.github.t6j.training;
    exports io.github.t6j.random to io.github.t6j.cli, io.github.t6j.training;
    exports io.github.t6j.session to io.github.t6j.schedule, io.github.t6j.training;
    exports io.github.t6j.tokenizer.bpe to io.github.t6j.training;
    exports io.github.t6j.tokenizer.json to io.github.t6j.cli, io.github.t6j.training;
    exports io.github.t6j.tokenizer.split to io.github.t6j.training;
    exports io.github.t6j.weights to io.github.t6j.chat, io.github.t6j.cli, io.github.t6j.schedule, io.github.t6j.training;
    exports io.github.t6j.weights.checkpoint to io.github.t6j.chat, io.github.t6j.cli, io.github.t6j.training;
    exports io.github.t6j.weights.safetensors to io.github.t6j.cli, io.github.t6j.training;
}
