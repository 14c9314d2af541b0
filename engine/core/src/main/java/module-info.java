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

    // an attention and its sizes, for the layers that train it; the path that --path chooses
    exports io.github.t6j.attention to io.github.t6j.cli, io.github.t6j.training;
    exports io.github.t6j.attention.grouped to io.github.t6j.training;
    exports io.github.t6j.attention.latent to io.github.t6j.training;
    exports io.github.t6j.attention.tpa to io.github.t6j.training;
    // forms that training refuses, with an error that names them
    exports io.github.t6j.attention.tpa.forms to io.github.t6j.training;
    // layers that training supports with their steps
    exports io.github.t6j.attention.tpa.steps to io.github.t6j.training;
    // filled caches and the rate of reading memory, for bench
    exports io.github.t6j.benchmark to io.github.t6j.cli;
    // the decoding loop of the scheduler and of conversations
    exports io.github.t6j.decoding to io.github.t6j.chat, io.github.t6j.schedule;
    // events of its queue, for Flight Recorder
    exports io.github.t6j.events to io.github.t6j.schedule;
    // configurations of new and converted models
    exports io.github.t6j.family to io.github.t6j.cli, io.github.t6j.training;
    // chat template and generation defaults of a GGUF file
    exports io.github.t6j.family.gguf to io.github.t6j.cli, io.github.t6j.training;
    // inspect's details of Llama models, shapes of new ones
    exports io.github.t6j.family.llama to io.github.t6j.cli, io.github.t6j.training;
    // shapes of new MLRA models
    exports io.github.t6j.family.mlra to io.github.t6j.training;
    // shapes of new Olala models
    exports io.github.t6j.family.olala to io.github.t6j.cli, io.github.t6j.training;
    // adapters that training makes and convert merges
    exports io.github.t6j.family.lora to io.github.t6j.cli, io.github.t6j.training;
    // the list of a model's tensors, for init, convert and training
    exports io.github.t6j.family.registry to io.github.t6j.cli, io.github.t6j.training;
    // names of the tied embedding, factors of a projection
    exports io.github.t6j.family.t6 to io.github.t6j.cli, io.github.t6j.training;
    // the only reader and writer of JSON
    exports io.github.t6j.json to io.github.t6j.chat, io.github.t6j.cli, io.github.t6j.grammar, io.github.t6j.training;
    // products and workers of the layers that train; products that C computes
    exports io.github.t6j.kernels to io.github.t6j.nativekernels, io.github.t6j.training;
    // the choice of kernels, also by --kernels, and the warm-up that gradient kernels take part in
    exports io.github.t6j.kernels.choice to io.github.t6j.cli, io.github.t6j.training;
    // whether the processor fuses multiply and add
    exports io.github.t6j.kernels.processor to io.github.t6j.nativekernels;
    // constants and steps that gradient kernels share with the scalar and the vector kernels
    exports io.github.t6j.kernels.scalar to io.github.t6j.training;
    exports io.github.t6j.kernels.simd.lanes to io.github.t6j.training;
    // a model's configuration and tensors; the transformer that the scheduler's batches call
    exports io.github.t6j.model to io.github.t6j.cli, io.github.t6j.schedule, io.github.t6j.training;
    // seeds of initial weights and of the order of training data
    exports io.github.t6j.random to io.github.t6j.cli, io.github.t6j.training;
    // states of sessions that the scheduler feeds together; training's check of nested calls
    exports io.github.t6j.session to io.github.t6j.schedule, io.github.t6j.training;
    // parts of a tokenizer that TokenizerTrainer makes, and their file
    exports io.github.t6j.tokenizer.bpe to io.github.t6j.training;
    exports io.github.t6j.tokenizer.json to io.github.t6j.cli, io.github.t6j.training; // convert copies tokenizers, too
    exports io.github.t6j.tokenizer.split to io.github.t6j.cli, io.github.t6j.training;
    // tensors, off-heap memory, and files that are replaced as a whole
    exports io.github.t6j.weights
            to io.github.t6j.chat, io.github.t6j.cli, io.github.t6j.schedule, io.github.t6j.training;
    // weight files of any format; the chat template in a GGUF file
    exports io.github.t6j.weights.checkpoint to io.github.t6j.chat, io.github.t6j.cli, io.github.t6j.training;
    // files of tensors that init, convert, logits and training write
    exports io.github.t6j.weights.safetensors to io.github.t6j.cli, io.github.t6j.training;
}
