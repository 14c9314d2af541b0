package io.github.t6j.chat.internal;

/** Reads the arguments of a call whose name comes before them, {@code [TOOL_CALLS]name[ARGS]{…}}. */
final class NamedCallReader extends CallReader {
    private final JsonValue arguments = new JsonValue();
    private final String name;
    private final String id;
    private boolean begun;

    NamedCallReader(AnswerParser parser, String raw, String name, String id) {
        super(parser, raw);
        this.name = name;
        this.id = id;
    }

    @Override
    boolean read(StringBuilder held) {
        if (!begun) {
            parser.beginCall(id, name);
            begun = true;
        }
        int length = 0;
        while (length < held.length() && !arguments.isComplete()) {
            arguments.accept(held.charAt(length++));
        }
        parser.arguments(held.substring(0, length));
        held.delete(0, length);
        if (arguments.isComplete()) {
            parser.endCall();
        }
        return arguments.isComplete();
    }

    @Override
    void finish(StringBuilder held) {
        parser.endCall();
    }
}
