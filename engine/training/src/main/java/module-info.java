/** Makes and continues to train what the engine runs. Depends on the engine alone. */
module io.github.t6j.training {
    requires transitive io.github.t6j.engine;
    requires jdk.incubator.vector;

    exports io.github.t6j.training;
    exports io.github.t6j.training.tokenizer;
}
