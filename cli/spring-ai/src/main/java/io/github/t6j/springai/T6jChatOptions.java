package io.github.t6j.springai;

import java.util.Objects;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;

/** Options of a prompt, with tools and the schema of the answer, which a grammar enforces. */
public final class T6jChatOptions extends DefaultToolCallingChatOptions implements StructuredOutputChatOptions {
    private final String outputSchema; // or null

    private T6jChatOptions(ToolCallingChatOptions plain, String outputSchema) {
        super(plain.getToolCallbacks(), plain.getToolContext(), plain.getModel(), plain.getFrequencyPenalty(),
                plain.getMaxTokens(), plain.getPresencePenalty(), plain.getStopSequences(), plain.getTemperature(),
                plain.getTopK(), plain.getTopP());
        this.outputSchema = outputSchema;
    }

    /** Returns a builder of options that set nothing. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public String getOutputSchema() {
        return outputSchema;
    }

    @Override
    public Builder mutate() {
        return new Builder().combineWith(super.mutate()).outputSchema(outputSchema);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof T6jChatOptions that && super.equals(other)
                && Objects.equals(outputSchema, that.outputSchema);
    }

    @Override
    public int hashCode() {
        return 31 * super.hashCode() + Objects.hashCode(outputSchema);
    }

    /** Builder of options. */
    public static final class Builder extends DefaultToolCallingChatOptions.Builder<Builder>
            implements
                StructuredOutputChatOptions.Builder<Builder> {
        private String outputSchema;

        private Builder() {}

        @Override
        public Builder outputSchema(String schema) {
            outputSchema = schema;
            return this;
        }

        @Override
        public Builder combineWith(ChatOptions.Builder<?> other) {
            super.combineWith(other);
            if (other instanceof Builder that && that.outputSchema != null) {
                outputSchema = that.outputSchema;
            }
            return this;
        }

        @Override
        public Builder clone() {
            return super.clone();
        }

        @Override
        public T6jChatOptions build() {
            return new T6jChatOptions(super.build(), outputSchema);
        }
    }
}
