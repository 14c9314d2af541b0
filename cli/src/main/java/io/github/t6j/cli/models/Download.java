package io.github.t6j.cli.models;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.AmbiguousNameException;
import io.github.t6j.cli.hub.Hub;
import io.github.t6j.cli.hub.HubCache;
import io.github.t6j.cli.hub.HubSettings;
import io.github.t6j.cli.hub.ModelName;
import io.github.t6j.cli.hub.Pull;
import io.github.t6j.cli.hub.Timeouts;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Question;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Finds models in the hub's cache, and downloads them for other commands. */
final class Download {
    private Download() {}

    /** Returns the pulled model of that name. */
    static Optional<Path> find(Main main, ModelName name) {
        HubCache cache = new HubCache(new HubSettings(main.environment));
        try {
            return cache.find(name);
        } catch (IOException e) {
            throw Errors.failure(cache.folder(), "cannot be read", e);
        }
    }

    /**
     * Returns the pulled model of that name, and pulls it first if it is missing.
     *
     * @param asks true to ask the user before the download
     * @throws CommandFailure if the model is not downloaded: the user declines, or without a terminal cannot be asked
     */
    static Path ifMissing(Main main, ModelName name, boolean asks) {
        return find(main, name).orElseGet(() -> {
            if (asks && !main.terminal) {
                throw new CommandFailure(name + ": not on this machine: t6j pull " + name
                        + " downloads it; without a terminal, t6j cannot ask");
            }
            try (OnInterrupt _ = new OnInterrupt(main)) {
                return run(main, name, asks);
            } catch (AmbiguousNameException e) {
                throw new CommandFailure(e.getMessage() + ": " + String.join("; ", e.choices()), e);
            } catch (IOException e) {
                throw new CommandFailure(Errors.line(e) + (asks ? "; to send " + name + " as text, use --prompt" : ""),
                        e);
            } catch (InterruptedException e) {
                throw new CancellationException();
            }
        });
    }

    /**
     * Downloads a model, or what is missing of it.
     *
     * @param asks true to ask the user, who sees the size first
     * @return its folder or file
     * @throws InterruptedException if the thread was interrupted; the next download continues this one
     */
    static Path run(Main main, ModelName name, boolean asks) throws IOException, InterruptedException {
        HubSettings settings = new HubSettings(main.environment);
        Runnable begin = () -> {
            if (asks && !Question.isAgreed(main, "Download it? [y/N] ")) {
                throw new CommandFailure(name + ": not on this machine, and not downloaded; to send it as text, use"
                        + " --prompt");
            }
        };
        try (PullProgress progress = new PullProgress(main, name, begin);
                Hub hub = new Hub(settings, Timeouts.DEFAULT, progress::note)) {
            return new Pull(hub, new HubCache(settings), progress).run(name);
        }
    }
}
