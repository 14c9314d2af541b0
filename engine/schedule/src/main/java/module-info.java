/** Continuous batching of many prompts. Depends only on the engine. */
module io.github.t6j.schedule {
    requires transitive io.github.t6j.engine;

    exports io.github.t6j.schedule;
}
