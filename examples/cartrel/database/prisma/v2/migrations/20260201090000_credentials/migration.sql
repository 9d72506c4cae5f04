-- The foreign key needs no look at rows: the table is new.
CREATE TABLE "Credential" (
    "shopId" BIGINT NOT NULL,
    "token" TEXT NOT NULL,

    CONSTRAINT "Credential_pkey" PRIMARY KEY ("shopId")
);
ALTER TABLE "Shop" ALTER COLUMN "accessToken" DROP NOT NULL;
