/** Training of new and existing models. Depends only on the engine. */
@SuppressWarnings("module") // the module that it exports to is built later
module io.github.t6j.training {
    requires transitive io.github.t6j.engine;
    requires jdk.incubator.vector;

    exports io.github.t6j.training;
    exports io.github.t6j.training.tokenizer;
    // folders of a run that are replaced as a whole
    exports io.github.t6j.training.files to io.github.t6j.cli;
    // shapes of new models, for init
    exports io.github.t6j.training.presets to io.github.t6j.cli;
}
