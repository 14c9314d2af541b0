package io.github.t6j.cli;

import io.github.t6j.SessionOptions;
import picocli.CommandLine.Option;

/** How the cache stores its elements, for every command that opens a session. */
final class CacheArguments {
    @Option(
            names = "--cache-type",
            paramLabel = "TYPE",
            defaultValue = "f32",
            description = "How the cache stores numbers: f32, f16, bf16, or q8, 8 bits with scales (default: "
                    + "${DEFAULT-VALUE}).")
    private SessionOptions.CacheType type;

    /** The defaults with this type of cache. */
    SessionOptions sessionOptions() {
        return SessionOptions.defaults().withCacheType(type);
    }
}
