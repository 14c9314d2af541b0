/** Makes and continues to train what the engine runs. Depends on the engine alone. */
@SuppressWarnings("module") // the module that it exports to is built after it
module io.github.t6j.training {
    requires transitive io.github.t6j.engine;
    requires jdk.incubator.vector;

    exports io.github.t6j.training;
    exports io.github.t6j.training.tokenizer;
    // folders of a run that are replaced as a whole
    exports io.github.t6j.training.files to io.github.t6j.cli;
}
