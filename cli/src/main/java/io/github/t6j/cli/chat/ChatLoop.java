package io.github.t6j.cli.chat;

import io.github.t6j.chat.ChatSession;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.Role;
import io.github.t6j.chat.internal.ConversationFile;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.Output;
import io.github.t6j.cli.io.Text;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads messages and commands one after the other, until the input ends. */
final class ChatLoop {
    static final List<String> COMMANDS = List.of(
            "/help", "/reset", "/clear", "/regenerate", "/system", "/set", "/stats", "/save", "/load", "/quit", "/exit",
            "/bye");

    private static final List<String> HELP = List.of(
            "/help, /?          show this list",
            "/reset, /clear     forget the conversation, but keep the system message",
            "/regenerate        generate another answer to the last message",
            "/system [TEXT]     show or set the system message; - removes it",
            "/set [NAME VALUE]  show the settings, or change one by its option's name",
            "/stats             show the speed of the last answer and the size of the cache",
            "/save FILE         save the conversation as JSON",
            "/load FILE         continue a saved conversation",
            "/quit, /exit, /bye quit; so does Ctrl-D",
            "A line that ends in \\ continues on the next; \"\"\" begins and ends several lines.",
            "Pasted text is one message, even if it has several lines; Enter sends it.",
            "Keys typed during an answer go to the next line.",
            "Ctrl-C stops an answer, Ctrl-Z suspends the chat.",
            "Put a space before a message that begins with /.");

    /** A slash and a word, so that a message may begin with /usr/bin. */
    private static final Pattern COMMAND = Pattern.compile("/([a-z-]*|\\?)(\\s.*)?", Pattern.DOTALL);

    private static final Set<String> QUIT = Set.of("/quit", "/exit", "/bye");

    private final Main main;
    private final ChatSession chat;
    private final ChatTurns turns;
    private final ChatSettings settings;

    ChatLoop(Main main, ChatSession chat, ChatTurns turns, ChatSettings settings) {
        this.main = main;
        this.chat = chat;
        this.turns = turns;
        this.settings = settings;
    }

    /** Reads until {@code input} ends. @return true if nothing failed */
    boolean run(ChatInput input) {
        boolean well = true;
        for (String text = input.next(); text != null && !main.interrupted; text = input.next()) {
            if (QUIT.contains(text.stripTrailing())) {
                break;
            }
            if (!text.isBlank()) {
                well &= COMMAND.matcher(text).matches()
                        ? command(text)
                        : turns.send(ChatInput.message(text)) != Main.FAILED;
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
            case "/help", "/?" -> HELP.forEach(main.err::println);
            case "/reset", "/clear" -> chat.reset();
            case "/regenerate" -> {
                return turns.regenerate() != Main.FAILED;
            }
            case "/system" -> system(argument);
            case "/set" -> set(argument);
            case "/stats" -> turns.stats().forEach(main.err::println);
            case "/save" -> save(file(name, argument));
            case "/load" -> load(file(name, argument));
            default ->
                throw new CommandFailure("no such command: " + name + ": /help lists the commands");
        }
        return true;
    }

    private void system(String text) {
        if (text.isEmpty()) {
            main.err.println(chat.system().map(Text::printablePiece).orElse("nothing"));
        } else {
            chat.system(text.equals("-") ? null : text);
        }
    }

    private void set(String argument) {
        String[] words = argument.split("\\s+", 2);
        if (argument.isEmpty()) {
            settings.lines().forEach(main.err::println);
        } else if (words.length == 1) {
            throw new CommandFailure("/set " + words[0] + ": expected a value, found only a name");
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
            ConversationFile.read(file); // refuses to overwrite any other file
        }
        ConversationFile.write(file, chat.messages());
        main.note(
                "saved the conversation as JSON: " + file.toAbsolutePath().normalize() + ": " + count(chat.messages()));
    }

    private void load(Path file) {
        List<Message> messages = ConversationFile.read(file);
        chat.replace(messages);
        main.note(file + ": " + count(messages));
    }

    /** Returns the number of messages in words. */
    private static String count(List<Message> messages) {
        boolean system = !messages.isEmpty() && messages.getFirst().role() == Role.SYSTEM;
        return messages.size() + (messages.size() == 1 ? " message" : " messages")
                + (system ? ", the first is the system message" : "");
    }
}
