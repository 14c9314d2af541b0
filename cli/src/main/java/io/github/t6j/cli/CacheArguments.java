package io.github.t6j.cli;

import io.github.t6j.SessionOptions;
import picocli.CommandLine.Option;

/** How the cache stores its elements, for every command that opens a session. */
final class CacheArguments {
    @Option(
            names = "--cache-type",
            paramLabel = "TYPE",
            description = "How the cache stores numbers: f32, f16, bf16, or q8, 8 bits with scales (default: f32, or that "
                    + "of a saved session).")
    private SessionOptions.CacheType type;

    /** The defaults with this type of cache. */
    SessionOptions sessionOptions() {
        return SessionOptions.defaults().withCacheType(type == null ? SessionOptions.CacheType.F32 : type);
    }

    /** The defaults with this type of cache, or if none was said that of a saved session, if there is one. */
    SessionOptions sessionOptions(SessionOptions.CacheType saved) {
        return type == null && saved != null ? SessionOptions.defaults().withCacheType(saved) : sessionOptions();
    }
}
