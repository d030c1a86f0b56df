/** The LangChain packages of core 1, by the names that those of core 0.3 have too. */
export { ChatAnthropic } from '@langchain/anthropic';
export { InMemoryCache } from '@langchain/core/caches';
export { CallbackManager } from '@langchain/core/callbacks/manager';
export { awaitAllCallbacks } from '@langchain/core/callbacks/promises';
export { InMemoryChatMessageHistory } from '@langchain/core/chat_history';
export { Embeddings } from '@langchain/core/embeddings';
export { BaseChatModel, SimpleChatModel } from '@langchain/core/language_models/chat_models';
export { LLM } from '@langchain/core/language_models/llms';
export {
  AIMessage,
  AIMessageChunk,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages';
export { JsonOutputParser, StringOutputParser } from '@langchain/core/output_parsers';
export { ChatGenerationChunk } from '@langchain/core/outputs';
export { ChatPromptTemplate } from '@langchain/core/prompts';
export {
  RunnableLambda,
  RunnableParallel,
  RunnableSequence,
  RunnableWithMessageHistory,
} from '@langchain/core/runnables';
export { tool } from '@langchain/core/tools';
export {
  FakeEmbeddings,
  FakeListChatModel,
  FakeLLM,
  FakeStreamingChatModel,
  FakeStreamingLLM,
  SyntheticEmbeddings,
} from '@langchain/core/utils/testing';
export { VectorStore } from '@langchain/core/vectorstores';
export { ChatGoogleGenerativeAI, GoogleGenerativeAIEmbeddings } from '@langchain/google-genai';
export {
  Annotation,
  Command,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  StateGraph,
} from '@langchain/langgraph';
export { createReactAgent } from '@langchain/langgraph/prebuilt';
export {
  AzureChatOpenAI,
  AzureOpenAIEmbeddings,
  ChatOpenAI,
  OpenAI,
  OpenAIEmbeddings,
} from '@langchain/openai';
