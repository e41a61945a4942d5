--| title = "Made by Prisma: quoted CamelCase names, text ids that only the client generates, times without a zone"
--| covers = [
--|     "names: quoted CamelCase", "ids: text", "times: without time zone", "deduct: no function",
--|     "balance: users.credits", "ledger: amount", "ledger: type", "webhook: webhook_url", "agent key: slug",
--|     "execution: input", "execution: output", "execution: error", "execution: completed_at",
--|     "status: running completed failed cancelled", "status: an enum", "trap: time without default",
--| ]
--| balance_sql = '''SELECT credits FROM "User" WHERE email = %(user)s'''
--| ledger_sql = '''SELECT sum(amount) FROM "CreditTransaction" t JOIN "User" u ON u.id = t."userId" WHERE email = %(user)s'''
--| status_sql = '''SELECT status::text FROM "AgentExecution" WHERE id = %(execution)s'''
--| words = { success = "COMPLETED", failed = "FAILED" }

-- CreateEnum
CREATE TYPE "ExecutionStatus" AS ENUM ('PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED');
CREATE TYPE "TransactionType" AS ENUM ('PURCHASE', 'USAGE', 'REFUND', 'BONUS');
CREATE TYPE "Role" AS ENUM ('USER', 'CREATOR', 'ADMIN');

-- CreateTable
CREATE TABLE "User" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT,
    "image" TEXT,
    "role" "Role" NOT NULL DEFAULT 'USER',
    "credits" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Account" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "providerAccountId" TEXT NOT NULL,

    CONSTRAINT "Account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL,
    "sessionToken" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "expires" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Agent" (
    "id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "creditCost" INTEGER NOT NULL DEFAULT 1,
    "webhookUrl" TEXT NOT NULL,
    "inputSchema" JSONB,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "creatorId" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Agent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AgentExecution" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "agentId" TEXT NOT NULL,
    "status" "ExecutionStatus" NOT NULL DEFAULT 'PENDING',
    "input" JSONB,
    "output" JSONB,
    "error" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "completedAt" TIMESTAMP(3),

    CONSTRAINT "AgentExecution_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "CreditTransaction" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "executionId" TEXT,
    "type" "TransactionType" NOT NULL,
    "amount" INTEGER NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "CreditTransaction_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Review" ("id" TEXT NOT NULL PRIMARY KEY, "agentId" TEXT NOT NULL, "userId" TEXT NOT NULL, "rating" INTEGER NOT NULL);

-- CreateIndex
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
CREATE UNIQUE INDEX "Agent_slug_key" ON "Agent"("slug");
CREATE INDEX "AgentExecution_userId_createdAt_idx" ON "AgentExecution"("userId", "createdAt");

-- AddForeignKey
ALTER TABLE "Account" ADD CONSTRAINT "Account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE;
ALTER TABLE "Session" ADD CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE;
ALTER TABLE "Agent" ADD CONSTRAINT "Agent_creatorId_fkey" FOREIGN KEY ("creatorId") REFERENCES "User"("id");
ALTER TABLE "AgentExecution" ADD CONSTRAINT "AgentExecution_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id");
ALTER TABLE "AgentExecution" ADD CONSTRAINT "AgentExecution_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "Agent"("id");
ALTER TABLE "CreditTransaction" ADD CONSTRAINT "CreditTransaction_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id");
ALTER TABLE "CreditTransaction" ADD CONSTRAINT "CreditTransaction_executionId_fkey" FOREIGN KEY ("executionId") REFERENCES "AgentExecution"("id");

-- Seed
INSERT INTO "User" ("id", "email", "name", "credits", "updatedAt") VALUES
    ('clx3ops0000', 'ops@example.com', 'Ops', 100, now()), ('clx3kim0000', 'kim@example.com', 'Kim', 4, now());
INSERT INTO "Agent" ("id", "slug", "name", "creditCost", "webhookUrl", "inputSchema", "isActive", "updatedAt") VALUES
    ('clx3agent01', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', '[{"name": "topic", "type": "text", "required": true}]', true, now()),
    ('clx3agent02', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', NULL, true, now()),
    ('clx3agent03', 'old', 'Old Agent', 5, '{webhook}/old', NULL, false, now());
INSERT INTO "AgentExecution" ("id", "userId", "agentId", "status", "output", "createdAt", "updatedAt", "completedAt") VALUES
    ('clx3exec001', 'clx3ops0000', 'clx3agent01', 'COMPLETED', '{"title": "Salt"}', now() - interval '2 days', now(), now() - interval '2 days'),
    ('clx3exec002', 'clx3ops0000', 'clx3agent02', 'FAILED', NULL, now() - interval '1 day', now(), now() - interval '1 day');
INSERT INTO "CreditTransaction" ("id", "userId", "executionId", "type", "amount", "createdAt") VALUES
    ('clx3tx00001', 'clx3ops0000', NULL, 'PURCHASE', 110, now() - interval '3 days'),
    ('clx3tx00002', 'clx3ops0000', 'clx3exec001', 'USAGE', -10, now() - interval '2 days'),
    ('clx3tx00003', 'clx3ops0000', 'clx3exec002', 'USAGE', -5, now() - interval '1 day'),
    ('clx3tx00004', 'clx3ops0000', 'clx3exec002', 'REFUND', 5, now() - interval '1 day'),
    ('clx3tx00005', 'clx3kim0000', NULL, 'BONUS', 4, now() - interval '1 day');
