/** Many prompts at once by continuous batching. Depends on the engine alone. */
module io.github.t6j.schedule {
    requires transitive io.github.t6j.engine;

    exports io.github.t6j.schedule;
}
