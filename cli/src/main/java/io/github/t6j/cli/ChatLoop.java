package io.github.t6j.cli;

import io.github.t6j.cli.chat.Chat;
import io.github.t6j.cli.chat.ConversationFile;
import io.github.t6j.cli.chat.Message;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Messages and commands, one after the other, until there are no more. */
final class ChatLoop {
    static final List<String> COMMANDS = List.of(
            "/help", "/reset", "/regenerate", "/system", "/set", "/stats", "/save", "/load", "/quit");

    private static final List<String> HELP = List.of(
            "/help              this",
            "/reset             forget what was said; what the system says stays",
            "/regenerate        another answer to the last message",
            "/system [TEXT]     what the system says first; without TEXT, show it; - for nothing",
            "/set [NAME VALUE]  show, or change, how answers are made: the names are those of options",
            "/stats             how fast the last answer was, and what the cache takes",
            "/save FILE         write the conversation as JSON",
            "/load FILE         go on with a conversation that was saved",
            "/quit              end; Ctrl-D does, too",
            "A line that ends in \\ goes on in the next; \"\"\" begins and ends a text of several lines.",
            "Ctrl-C ends an answer. A message that begins with / has a space before it.");

    /** A word after a slash; so that /usr/bin can be talked about. */
    private static final Pattern COMMAND = Pattern.compile("/[a-z-]*(\\s.*)?", Pattern.DOTALL);

    private final Main main;
    private final Chat chat;
    private final ChatTurns turns;
    private final ChatSettings settings;

    ChatLoop(Main main, Chat chat, ChatTurns turns, ChatSettings settings) {
        this.main = main;
        this.chat = chat;
        this.turns = turns;
        this.settings = settings;
    }

    /** Runs until {@code input} ends. @return whether all went well */
    boolean run(ChatInput input) {
        boolean well = true;
        for (String text = input.next(); text != null && !main.interrupted; text = input.next()) {
            if (text.stripTrailing().equals("/quit")) {
                break;
            }
            if (!text.isBlank()) {
                well &= COMMAND.matcher(text).matches()
                        ? command(text)
                        : turns.say(ChatInput.message(text)) != Main.FAILED;
            }
        }
        return well;
    }

    private boolean command(String text) {
        String[] words = text.strip().split("\\s+", 2);
        try {
            return command(words[0], words.length == 1 ? "" : words[1]);
        } catch (Output.Broken e) {
            throw e;
        } catch (RuntimeException e) {
            main.note(Errors.line(e));
        }
        return false;
    }

    private boolean command(String name, String argument) {
        switch (name) {
            case "/help" -> HELP.forEach(main.err::println);
            case "/reset" -> chat.reset();
            case "/regenerate" -> {
                return turns.regenerate() != Main.FAILED;
            }
            case "/system" -> system(argument);
            case "/set" -> set(argument);
            case "/stats" -> turns.stats().forEach(main.err::println);
            case "/save" -> save(file(name, argument));
            case "/load" -> load(file(name, argument));
            default ->
                throw new CommandFailure(name + ": expected a command that /help lists, found none of that name");
        }
        return true;
    }

    private void system(String text) {
        if (text.isEmpty()) {
            main.err.println(chat.system() == null ? "nothing" : Text.printablePiece(chat.system()));
        } else {
            chat.system(text.equals("-") ? null : text);
        }
    }

    private void set(String argument) {
        String[] words = argument.split("\\s+", 2);
        if (argument.isEmpty()) {
            settings.lines().forEach(main.err::println);
        } else if (words.length == 1) {
            throw new CommandFailure("/set " + words[0] + ": expected a value, found none");
        } else {
            settings.set(words[0], words[1]);
        }
    }

    private static Path file(String command, String argument) {
        if (argument.isEmpty()) {
            throw new CommandFailure(command + ": expected a file, found none");
        }
        try {
            return Path.of(argument);
        } catch (InvalidPathException e) {
            throw new CommandFailure(command + ": expected a file, found '" + argument + "': " + e.getReason(), e);
        }
    }

    private void save(Path file) {
        if (Files.exists(file)) {
            ConversationFile.read(file); // nothing else is written over
        }
        ConversationFile.write(file, chat.messages());
    }

    private void load(Path file) {
        List<Message> messages = ConversationFile.read(file);
        chat.replace(messages);
        main.note(file + ": " + messages.size() + (messages.size() == 1 ? " message" : " messages"));
    }
}
